"""The portal: law and maps at the bottom, connectors and packages above them, the walk on top."""
