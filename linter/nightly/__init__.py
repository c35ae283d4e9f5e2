"""What `drift --state` remembers from night to night: spans of findings, what could be asked, and what was told to whom."""
