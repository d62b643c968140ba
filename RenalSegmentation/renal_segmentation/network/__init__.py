"""The kidney network: two small U-Nets, what they learn from, and how they outline kidneys in a scan."""
