"""Text to `Manifest`: the reader with positions, the scope language, the model."""
