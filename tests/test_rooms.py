"""The arrows between the rooms: who may import whom."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# room -> the rooms that it may import besides itself; a package inside another stands for itself alone
MAY_IMPORT: dict[str, set[str]] = {
    "cms": set(),
    "search": {"cms"},
    "articles": {"cms"},
    "home": {"articles", "cms"},
    "community.membership": {"search", "cms"},
    "community.personals": {"community.membership", "search", "cms"},
}


def room_of(module: str) -> str | None:
    """Return the room that a dotted module name belongs to, or None for a module from elsewhere."""
    return next((room for room in MAY_IMPORT if module == room or module.startswith(f"{room}.")), None)


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            # `from community import personals` names a room by its last part.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def arrows_of(room: str) -> Iterator[tuple[str, str, str]]:
    """Yield (file, imported room, imported name) for every import in the room that leaves it."""
    for path in sorted((ROOT / room.replace(".", "/")).rglob("*.py")):
        for name in imports_of(path):
            target = room_of(name)
            if target is not None and target != room:
                yield str(path.relative_to(ROOT)), target, name


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_the_rooms_below_it(room: str) -> None:
    wrong = [arrow for arrow in arrows_of(room) if arrow[1] not in MAY_IMPORT[room]]
    assert wrong == []


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_no_relative_import_hides_an_arrow(room: str) -> None:
    hidden = [
        str(path)
        for path in (ROOT / room.replace(".", "/")).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level > 0
    ]
    assert hidden == []


def test_every_room_is_watched() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert packages == {room.split(".")[0] for room in MAY_IMPORT}
    inside_community = {f"community.{path.parent.name}" for path in ROOT.glob("community/*/__init__.py")}
    assert inside_community == {room for room in MAY_IMPORT if room.startswith("community.")}
