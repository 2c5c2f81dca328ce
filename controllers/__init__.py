"""The reference controllers, their data maps, and the sample systems behind them."""
