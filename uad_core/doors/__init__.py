"""Many scans, and other programs: the same detection behind the BIDS App, a cluster, HTTP and a PACS."""
