"""Names from files and from servers, as they may be shown."""


def printable(name: str) -> str:
    """The name without anything that a terminal would obey, such as colours or a change of direction."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in name)
