"""tau2's tools of the telephone company, but with equal results for equal calls."""

from typing import Any

from tau2.domains.telecom.tools import TelecomTools


class RepeatableTools(TelecomTools):  # type: ignore[misc]  # tau2 has no types
    """The same tools, whose new bills are numbered; tau2 gives each a random id."""

    def _apply_one_time_charge(self, customer_id: str, *args: Any, **named: Any) -> None:
        known = len(self.db.bills)
        super()._apply_one_time_charge(customer_id, *args, **named)
        if len(self.db.bills) > known:
            number = f"B{known + 1:08}"
            self.db.bills[-1].bill_id = number
            self.get_customer_by_id(customer_id).bill_ids[-1] = number
