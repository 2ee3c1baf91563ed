"""How good a trained network is, said honestly: figures, pictures, a report."""
