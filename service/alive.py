"""What only a restart mends."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught


class Hanging(Exception):
    """One batch has been in the model for more than `limit` seconds."""

    def __init__(self, limit: float) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"The model has been at one batch for more than {self.limit:g} seconds. Restart the service."


class DecoderDead(Exception):
    def __str__(self) -> str:
        return (
            "Processes for decoding fail to start again and again. Check the memory and the limits of the"
            " machine, then restart the service."
        )
