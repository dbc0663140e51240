"""What a verb of the community raises when its rules do not allow what somebody asked for."""


class Refused(Exception):  # noqa: N818 - a rule's answer, not a failure
    """A rule says no.

    `code` is for programs and tests, `message` a sentence for the person who asked; `field` names what to change,
    where it is one thing.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
