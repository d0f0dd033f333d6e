"""The prices of models, as the project's ``refold.toml`` gives them."""

from refold.commands.shared.configured import project_settings
from refold.reports.usage import Price, Prices


def project_prices() -> Prices:
    """Return the prices of models that the project's ``refold.toml`` gives."""
    settings = project_settings()
    prices = {} if settings is None else settings.prices
    return Prices(
        by_model={
            name: Price(each.input, each.output, each.cached) for name, each in prices.items()
        }
    )
