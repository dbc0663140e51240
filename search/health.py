"""What machines are told about the search index."""

from cms.health import Condition
from search.interface import EngineUnavailable, get_engine


def index_condition() -> Condition:
    engine = get_engine()
    try:
        return Condition(ok=engine.is_ready(), engine=engine.name)
    except EngineUnavailable:
        return Condition(ok=False, engine=engine.name)
