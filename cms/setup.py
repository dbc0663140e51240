"""What a new site begins with: the pages every site has, and the demo's own content.

Rooms add a function to each dict in AppConfig.ready(); they run in the order of INSTALLED_APPS. Every function can be
run again: it leaves alone what an editor has made or changed since.
"""

from collections.abc import Callable

# name -> makes the pages and groups that the room cannot do without
site_steps: dict[str, Callable[[], None]] = {}

# name -> adds the content and accounts that only the demo has
demo_steps: dict[str, Callable[[], None]] = {}


def set_up_site() -> None:
    for step in site_steps.values():
        step()


def set_up_demo() -> None:
    for step in demo_steps.values():
        step()
