"""The questions an index is known by: its recipe's and those people judged."""

from indexes.recipe import find_recipe
from rag.errors import RecipeError
from rag.evaluate.feedback import read
from rag.index.layout import IndexFolder
from rag.settings import Settings


def questions_of(name: str, settings: Settings) -> list[str]:
    """Return the smoke questions of a recipe and the questions of its index's feedback, once each.

    An index without a recipe has its feedback alone.
    """
    try:
        smoke = [one.question for one in find_recipe(name, settings).gate.smoke]
    except RecipeError:
        smoke = []
    judged = [one.question for one in read(IndexFolder.named(settings.indexes, name))]
    return list(dict.fromkeys([*smoke, *judged]))
