"""Which part of history a run of `creep` is asked for."""

from typing import NamedTuple


class Range(NamedTuple):
    """Which part of history is asked for."""

    since: str | None = None
    """A date, a revision or a tag."""
    until: str | None = None
    start: str | None = None
    """"first" or "last-review": what the distance is measured from; None leaves it to what there is."""
    first_parent: bool = False
    base: str | None = None
    """The branch that a pull request goes to: only what HEAD's branch did."""
    staged: bool = False
    """Only the commit that is about to be made."""

    @property
    def partial(self) -> bool:
        """Whether only what somebody is about to add is judged, and not what was there before."""
        return self.staged or self.base is not None

    @property
    def whole(self) -> bool:
        """Whether it is all of history."""
        return self == Range(first_parent=self.first_parent)
