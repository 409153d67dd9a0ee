"""A controller: a pole on a cart, a network that balances it, and trees that copy the network."""
