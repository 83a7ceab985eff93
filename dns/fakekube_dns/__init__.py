"""A DNS server that answers as CoreDNS does for a cluster which it sees only through a View."""
