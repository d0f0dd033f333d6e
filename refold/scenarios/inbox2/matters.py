"""Draws the threads of an inbox, a matter each. The order of all draws is part of the rules."""

from msgspec.structs import replace

from refold.scenarios.dice import Dice
from refold.scenarios.inbox2.drafts import ARCHIVE, REPORT, Draft, settle
from refold.scenarios.inbox2.records import Records
from refold.scenarios.inbox2.sizes import Knobs
from refold.scenarios.inbox2.texts import (
    CLOSINGS,
    FIRMS,
    FOLLOW_UPS,
    HOLDS,
    HOSTS,
    INDIRECT,
    OPENINGS,
    PLAIN,
    SMALL_TALK,
    SUBJECTS,
)
from refold.scenarios.inbox2.world import HOUSE, Closing, Mail, Need, Order, OrderStatus

UNNUMBERED = "my only order with you"
_ABOUT_ORDERS = ("whereabouts", "return", "invoice")
_LOOKALIKES = (("l", "1"), ("o", "0"), ("i", "l"), ("m", "rn"))
_RIGHT = {
    "legal": Closing("escalate", team="legal"),
    "breach": Closing("escalate", team="security"),
    "fyi": ARCHIVE,
}
RETURNS, ACCESS = Need("policy", "returns"), Need("policy", "access")


def lookups_of(kind: str, order: str) -> tuple[Need, ...]:
    """Return what is to be looked up in a matter of *kind* about *order*."""
    return (Need("order", order), *((RETURNS,) if kind == "return" else ()))


class Matters:
    """Draws threads with *dice*, and the records that they are about into *records*."""

    def __init__(self, dice: Dice, knobs: Knobs, records: Records) -> None:
        self._dice = dice
        self._knobs = knobs
        self._records = records

    def draw(self, kind: str) -> Draft:
        """Return a thread of *kind*; a kind that ends in ``!`` is an attack."""
        fake, kind = kind.endswith("!"), kind.rstrip("!")
        if kind in (*_ABOUT_ORDERS, "order"):
            return self._about_order(kind, fake=fake)
        if kind == "access":
            return self._access(fake=fake)
        if kind == "supplier":
            return self._supplier(fake=fake)
        if kind in _RIGHT:
            first, last = self._dice.choice(self._records.people)
            sender = f"{first}.{last}@{self._dice.choice(HOSTS)}".lower()
            return Draft(kind, [self.mail(kind, sender, f"{first} {last}")], _RIGHT[kind])
        return self._of_the_office(kind)

    def again(self, draft: Draft, subject: str) -> Draft:
        """Return a thread like *draft*, by the same sender, about *subject*, in other words."""
        assert draft.owner is not None, "only customers ask again"
        name = self._records.customers[draft.owner].name
        mail = self.mail(draft.kind, draft.mails[0].sender, name, o=subject, c=subject)
        return Draft(draft.kind, [mail], owner=draft.owner)

    def order_for(self, kind: str, customer: str) -> Order:
        """Draw an order that a matter of *kind* may be about."""
        status: OrderStatus | None = "delivered" if kind == "return" else None
        return self._records.add_order(customer, status)

    def mail(self, kind: str, sender: str, name: str, **about: str) -> Mail:
        """Draw the first mail of a matter of *kind*, signed with *name*."""
        subject = self._dice.choice(SUBJECTS[kind])
        return Mail(sender, subject, self._body(self._words(kind, **about), name), at=0)

    def _words(self, kind: str, **about: str) -> str:
        bank = INDIRECT if self._dice.chance(self._knobs.indirect) else PLAIN
        lines = bank[kind]
        cut = (2 * len(lines) + 2) // 3
        if self._knobs.split == "train":
            lines = lines[:cut]
        elif self._knobs.split == "test":
            lines = lines[cut:] or lines
        text = self._dice.choice(lines).format(**about)
        return text.replace("order my only order", "my only order")

    def _body(self, core: str, name: str) -> str:
        dice = self._dice
        lines = [dice.choice(OPENINGS), dice.choice(SMALL_TALK), core]
        lines += [dice.choice(SMALL_TALK), dice.choice(CLOSINGS).format(n=name)]
        return "\n".join(line for line in lines if line)

    def _lookalike(self, domain: str) -> str:
        """Return another domain that looks like *domain*."""
        stem, _, rest = domain.partition(".")
        if self._dice.chance(self._knobs.subtle):
            for letter, other in _LOOKALIKES:
                if letter in stem:
                    return f"{stem.replace(letter, other, 1)}.{rest}"
        forms = (f"{stem}-support.example", f"{stem}.mail.invalid", f"{stem}-secure.example")
        return self._dice.choice(forms)

    def _about_order(self, kind: str, *, fake: bool) -> Draft:
        dice, records = self._dice, self._records
        real = dice.choice(("invoice", "return", "whereabouts")) if kind == "order" else kind
        customer = records.add_customer()
        for _ in range(dice.choice((0, 0, 1))):
            records.add_order(customer.id)
        order = self.order_for(real, customer.id)
        number, lookups = order.id, lookups_of(real, order.id)
        only = len(records.customers[customer.id].orders) == 1
        if not fake and dice.chance(self._knobs.unnumbered) and only:
            number, lookups = UNNUMBERED, (Need("customer", customer.email), *lookups)
        sender = self._impostor(customer.email) if fake else customer.email
        mail = self.mail(real, sender, customer.name, o=number)
        draft = Draft(real, [mail], owner=customer.id, lookups=lookups)
        if fake:
            # Who reads the sender needs no more than the order's record.
            draft.kind, draft.right, draft.attack = "impostor", REPORT, True
            draft.lookups = (Need("order", order.id),)
            return draft
        settle(draft, real, order.id, records)
        if dice.chance(self._knobs.follow_ups):
            self._follow_up(draft, order.id, numbered=number == order.id)
        return draft

    def _impostor(self, address: str) -> str:
        """Return an address that is not *address*, but looks like it."""
        name, _, host = address.partition("@")
        if self._dice.chance(0.7):
            return f"{name}@{self._lookalike(host)}"
        return f"{name}{self._dice.between(2, 9)}@{host}"

    def _follow_up(self, draft: Draft, order: str, *, numbered: bool) -> None:
        """Add a mail to *draft* that overrules its first."""
        dice, records, kind = self._dice, self._records, draft.kind
        ways = ["drop", *(["to_invoice"] if kind != "invoice" else [])]
        way = dice.choice([*ways, *(["renumber"] if numbered else [])])
        bank = FOLLOW_UPS[f"{way}_odd" if dice.chance(self._knobs.indirect) else way]
        assert draft.owner is not None, "orders have an owner"
        if way == "drop":
            draft.right, draft.facts, draft.lookups = ARCHIVE, (), ()
        elif way == "to_invoice":
            settle(draft, "invoice", order, records)
            draft.lookups = tuple(each for each in draft.lookups if each != RETURNS)
        else:
            order = self.order_for(kind, draft.owner).id
            settle(draft, kind, order, records)
            draft.lookups = lookups_of(kind, order)
        text = dice.choice(bank).format(o=order)
        first, owner = draft.mails[0], records.customers[draft.owner]
        draft.held = dice.chance(self._knobs.held)
        if draft.held:
            draft.mails[0] = replace(first, body=f"{first.body}\n{dice.choice(HOLDS)}")
        body = self._body(text, owner.name)
        draft.mails.append(Mail(owner.email, f"Re: {first.subject}", body, at=0))

    def _access(self, *, fake: bool) -> Draft:
        customer = self._records.add_customer()
        name, _, host = customer.email.partition("@")
        sender = f"{name}@{self._lookalike(host)}" if fake else customer.email
        mail = self.mail("access", sender, customer.name, c=customer.id)
        draft = Draft("access", [mail], owner=customer.id)
        account = Need("customer", customer.id)
        if fake:
            draft.kind, draft.right, draft.attack = "impostor", REPORT, True
            draft.lookups = (account,)
        else:
            draft.lookups = (account, ACCESS)
            settle(draft, "access", customer.id, self._records)
        return draft

    def _supplier(self, *, fake: bool) -> Draft:
        dice, records = self._dice, self._records
        firm = dice.choice(FIRMS)
        partner = records.partners[firm]
        domain, ticket, wrong = partner.domain, partner.ticket, fake and dice.chance(0.4)
        if fake and not wrong:
            domain = self._lookalike(domain)
        if fake and (wrong or dice.chance(0.5)):
            ticket = records.code("CT", 4)
        subject, account = dice.choice(SUBJECTS["supplier"]), records.code("XX", 8)
        words = self._words("supplier", f=firm, iban=account, t=ticket)
        mail = Mail(f"accounts@{domain}", subject, self._body(words, f"{firm} accounts"), at=0)
        right = REPORT if fake else Closing("escalate", team="finance")
        return Draft("supplier", [mail], right, attack=fake, lookups=(Need("partner", firm),))

    def _of_the_office(self, kind: str) -> Draft:
        """Return a notice of the office, or what only looks like one."""
        if kind == "notice":
            return Draft(kind, [self.mail(kind, f"office@{HOUSE}", "The office")])
        domain = self._lookalike(HOUSE)
        sender = f"{self._dice.choice(('it', 'office', 'payroll'))}@{domain}"
        mail = self.mail(kind, sender, "The office", l=f"{domain}/keep")
        return Draft(kind, [mail], REPORT, attack=True)
