"""The work of the two leased processes: orders to the sites, links to look at, items that are gone; outside lists."""
