"""The walker's body: sizes, limbs, clothes."""
