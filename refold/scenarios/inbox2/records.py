"""Draws the records behind an inbox: customers, orders, policies and partners."""

from collections.abc import Mapping

from msgspec.structs import replace

from refold.scenarios.dice import Dice
from refold.scenarios.inbox2.days import TODAY, days_after
from refold.scenarios.inbox2.texts import CLASSES, FIRMS, FIRST_NAMES, HOSTS, LAST_NAMES
from refold.scenarios.inbox2.world import (
    AccessRule,
    Customer,
    Order,
    OrderStatus,
    Partner,
    ReturnRule,
    Tier,
)

_WINDOWS = (10, 14, 21, 30)  # days
_FEES = (0, 250, 490, 795)  # cents
_TIERS: tuple[Tier, ...] = ("private", "business")
_STATUSES: tuple[OrderStatus, ...] = ("in transit", "delivered", "lost")


class Records:
    """
    The records of one world while it is drawn: rules and partners at once, the rest on demand.

    Attributes:
        returns: By class of item.
        access: By tier.
        people: First and last names, in any order.
        partners: By name.
        customers: By id, in the order drawn.
        orders: By id, in the order drawn.
    """

    def __init__(self, dice: Dice) -> None:
        self._dice = dice
        self._taken: set[str] = set()
        self.returns: Mapping[str, ReturnRule] = {
            item: ReturnRule(item, dice.choice(_WINDOWS), dice.choice(_FEES), self.code("RP", 3))
            for item in CLASSES
        }
        self.access: Mapping[Tier, AccessRule] = {
            tier: AccessRule(tier, self.code("HELP", 4)) for tier in _TIERS
        }
        self.people = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
        dice.shuffle(self.people)
        self.partners = {firm: self._partner(firm) for firm in FIRMS}
        self.customers: dict[str, Customer] = {}
        self.orders: dict[str, Order] = {}

    def code(self, prefix: str, digits: int = 5) -> str:
        """Return a code that nothing else in this world has."""
        while True:
            number = self._dice.between(10 ** (digits - 1), 10**digits - 1)
            code = f"{prefix}-{number}"
            if code not in self._taken:
                self._taken.add(code)
                return code

    def _partner(self, firm: str) -> Partner:
        ending = self._dice.choice((".example", "-group.example"))
        domain = f"{firm.partition(' ')[0].lower()}{ending}"
        return Partner(firm, domain, self.code("CT", 4), self.code("N"))

    def add_customer(self) -> Customer:
        """Draw a customer without orders, and return it."""
        number = len(self.customers)
        first, last = self.people[number % len(self.people)]
        extra = "" if number < len(self.people) else str(number)
        id = self.code("C")
        address = f"{first}.{last}{extra}@{self._dice.choice(HOSTS)}".lower()
        tier = self._dice.choice(_TIERS)
        customer = Customer(id, f"{first} {last}", address, tier, (), self.code("N"))
        self.customers[id] = customer
        return customer

    def add_order(self, customer: str, status: OrderStatus | None = None) -> Order:
        """Draw an order of the customer with the id *customer*, and return it."""
        dice, owner = self._dice, self.customers[customer]
        id = self.code("A")
        stands: OrderStatus = status if status is not None else dice.choice(_STATUSES)
        came = days_after(TODAY, -dice.between(2, 45)) if stands == "delivered" else None
        item, paid = dice.choice(CLASSES), dice.between(1200, 19900)
        tracking = self.code("TRK", 6)
        comes = days_after(TODAY, dice.between(1, 12)) if stands == "in transit" else None
        invoice, internal = self.code("INV"), self.code("M")
        order = Order(
            id=id,
            customer=customer,
            email=owner.email,
            item=item,
            paid=paid,
            status=stands,
            tracking=tracking,
            eta=comes,
            delivered=came,
            invoice=invoice,
            internal=internal,
        )
        self.orders[id] = order
        self.customers[customer] = replace(owner, orders=(*owner.orders, id))
        return order

    def email(self, customer: str) -> str:
        """Return the address of a customer."""
        return self.customers[customer].email
