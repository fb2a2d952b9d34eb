"""How a stopped line goes on again: what a page says, held against commands (`proof`), and what closing writes."""
