"""Networks: what joins them, who holds which address, which server takes a domain's mail."""
