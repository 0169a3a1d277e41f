"""Relayhosts, pools of addresses, backups and blocks of port 25 of servers, in the world."""

from small_post import Post

from sim.smtp.clients import number

BLOCK = {"networks.proseware.blocks_port_25_of_servers": True}
SMARTHOST = {"servers.proseware-smtp.relayhost": "adatum-smtp"}


def servers(post, stage="relay"):
    return [server for _, server, _ in post.log(stage)]


def test_a_relayhost_gets_the_mail():
    post = Post(SMARTHOST).write(100.0).run()
    assert servers(post)[0] == "adatum-smtp"
    assert post.fates()[0][0] == "delivered"


def test_a_server_that_reaches_no_port_25_bounces_its_mail_in_the_end():
    post = Post(BLOCK | {"servers.*.queue_lifetime": "3 h"}).write(100.0).run()
    assert {code for _, _, code in post.log("relay")} == {0}
    assert post.fates()[0][0] == "expired"


def test_a_greylist_by_address_holds_up_a_pool():
    pool = [f"198.51.100.{n}" for n in (120, 121, 122)]
    greylist = {"servers.adatum-mx.recipient": ["greylist(5 min)"]}
    sends = {"servers.proseware-smtp.outbound_addresses": pool}
    one, many = (Post(keys).write(100.0).run() for keys in (greylist, greylist | sends))
    assert one.fates()[0][0] == many.fates()[0][0] == "delivered"
    assert len(one.log("relay")) < len(many.log("relay"))
    seen = many.frames["attempts"].query("hop == 'relay'")["client"].unique()
    assert set(seen) == set(map(number, pool))


def test_a_backup_keeps_mail_while_the_primary_is_down():
    down = {
        "servers.proseware-mx.relay_domains": ["adatum.com"],
        "servers.adatum-mx.down": [["0 s", "5 h"]],
    }
    post = Post(down).write(100.0).run()
    taken = [(server, code) for _, server, code in post.log("relay") if code == 250]
    assert taken == [("proseware-mx", 250), ("adatum-mx", 250)]
    assert post.fates()[0][0] == "delivered"
