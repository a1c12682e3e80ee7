"""The neural networks and their weights. The only folder that may import torch."""
