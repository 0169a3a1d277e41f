"""The canonical workload W in two plain programs, interleaved in one run.

50 servers with 4 sessions each, exponential service, delivered locally, relayed or
refused by a table, a latency on each link, 2 % of relay attempts deferred and tried again
after 30 min up to 5 times, one row a message. Both programs draw the same numbers.

    python tests/benchmarks/workload_w.py [MESSAGES] [REPETITIONS]

*textbook*: SimPy as most tutorials teach it, a process a message and a Resource a server.
*folded*: a plain heapq program that works out the end of a session on arrival.
The ratio of the two is the room that a simulator of this kind has.
"""

import heapq
import json
import platform
import sys
import time

import numpy as np
import simpy

SERVERS, SESSIONS, LOAD = 50, 4, 0.7
RETRY, TRIES, DEFERRED = 1800.0, 5, 0.02
LOCAL, RELAY, REFUSE = range(3)


class Inputs:
    """Every number that a message needs, drawn beforehand."""

    def __init__(self, messages, seed):
        rng = np.random.default_rng(seed)
        rate = SERVERS * SESSIONS * LOAD / 1.5  # a message takes 1.5 services on average
        self.at = np.cumsum(rng.exponential(1 / rate, messages)).tolist()
        self.first = rng.integers(0, SERVERS, messages).tolist()
        self.second = rng.integers(0, SERVERS, messages).tolist()
        self.table = rng.choice([LOCAL, RELAY, REFUSE], (SERVERS, SERVERS), p=[0.4, 0.5, 0.1])
        self.table = self.table.tolist()
        self.latency = rng.uniform(0.01, 0.1, (SERVERS, SERVERS)).tolist()
        self.service = rng.exponential(1.0, (messages, 2)).tolist()
        self.luck = rng.random((messages, TRIES + 1)).tolist()


def textbook(w):
    """A process a message, a Resource a server."""
    env = simpy.Environment()
    servers = [simpy.Resource(env, SESSIONS) for _ in range(SERVERS)]
    rows = []

    def serve(server, took):
        with servers[server].request() as turn:
            yield turn
            yield env.timeout(took)

    def message(i):
        wished, a, b = env.now, w.first[i], w.second[i]
        yield env.process(serve(a, w.service[i][0]))
        verdict = w.table[a][b]
        if verdict == RELAY:
            for attempt in range(TRIES + 1):
                if w.luck[i][attempt] >= DEFERRED:
                    break
                yield env.timeout(RETRY)
            else:
                verdict = REFUSE
        if verdict == RELAY:
            yield env.timeout(w.latency[a][b])
            yield env.process(serve(b, w.service[i][1]))
        rows.append((i, a, b, verdict, wished, env.now))

    def source():
        for i, at in enumerate(w.at):
            yield env.timeout(at - env.now)
            env.process(message(i))

    env.process(source())
    env.run()
    return rows


def folded(w):
    """A heap of events; a session's end is known when it is asked for."""
    free = [[0.0] * SESSIONS for _ in range(SERVERS)]
    rows, heap, n = [], [], len(w.at)
    replace, push, pop = heapq.heapreplace, heapq.heappush, heapq.heappop
    i, at = 0, w.at[0]
    while i < n or heap:
        if heap and (i >= n or heap[0][0] <= at):
            now, j, wished = pop(heap)
            b = w.second[j]
            sessions = free[b]
            end = max(sessions[0], now) + w.service[j][1]
            replace(sessions, end)
            rows.append((j, w.first[j], b, RELAY, wished, end))
            continue
        now, a, b = at, w.first[i], w.second[i]
        sessions = free[a]
        end = max(sessions[0], now) + w.service[i][0]
        replace(sessions, end)
        verdict = w.table[a][b]
        if verdict == RELAY:
            leaves = end
            for luck in w.luck[i]:
                if luck >= DEFERRED:
                    push(heap, (leaves + w.latency[a][b], i, now))
                    break
                leaves += RETRY
            else:
                rows.append((i, a, b, REFUSE, now, leaves))
        else:
            rows.append((i, a, b, verdict, now, end))
        i += 1
        at = w.at[i] if i < n else 0.0
    return rows


def answers(rows):
    """Delivery rate and mean delay (s) of what was delivered."""
    delivered = [end - wished for _, _, _, verdict, wished, end in rows if verdict != REFUSE]
    return len(delivered) / len(rows), sum(delivered) / len(delivered)


def main(messages="100000", repetitions="3"):
    n, programs = int(messages), {"textbook": textbook, "folded": folded}
    least = dict.fromkeys(programs, float("inf"))
    for seed in range(int(repetitions)):
        w = Inputs(n, seed)
        told = {}
        for name, program in programs.items():
            began = time.process_time()
            rows = program(w)
            least[name] = min(least[name], time.process_time() - began)
            told[name] = answers(rows)
        rate, delay = zip(*told.values(), strict=True)
        assert rate[0] == rate[1], told
        assert abs(delay[0] / delay[1] - 1) < 1e-3, told
    print(json.dumps({
        "machine": platform.processor() or platform.machine(), "python": sys.version.split()[0],
        "messages": n, "us per message": {k: round(1e6 * v / n, 2) for k, v in least.items()},
        "textbook over folded": round(least["textbook"] / least["folded"], 1),
        "delivery rate, mean delay (s)": [round(x, 4) for x in told["folded"]],
    }, indent=1))  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
