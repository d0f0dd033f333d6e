"""What a mail is about, by lists of words: good for plain wordings, not for indirect ones."""

import re
from collections.abc import Sequence

from refold.scenarios.inbox2.plan import CUSTOMER, ORDER
from refold.scenarios.inbox2.texts import HOLDS, SMALL_TALK
from refold.scenarios.inbox2.world import HOUSE, Mail

# The first that matches counts.
_WORDS = (
    ("scam", r"confirm your password|must be verified|entering your password|log in at \S+/keep"),
    ("supplier", r"bank (account|details)|change ticket"),
    (
        "breach",
        r"data leak|hacked|security hole|vulnerability|logged in to my account",
    ),
    ("legal", r"\bsue\b|lawyer|personal data|legal|damages|court|advocate"),
    (
        "fyi",
        r"newsletter|no answer needed|for your information|nothing for you to do|percent off|"
        r"need not do anything|thank you for the quick|menu",
    ),
    ("access", r"log ?in\b|password of|password for|locked|account C-"),
    ("invoice", r"\binvoice\b|accountant|bookkeeper"),
    ("return", r"refund|money back|pay me back|return order|return \w-|send .* back|returning"),
    (
        "whereabouts",
        r"where is|parcel|delivered|delivery|arriv|shipped|waiting for",
    ),
)
_INTENTS = [(kind, re.compile(words, re.IGNORECASE)) for kind, words in _WORDS]
_TO_ASSISTANTS = re.compile(r"SYSTEM|Note to the assistant")
_SMALL_TALK = [line for line in SMALL_TALK if line]


def core_of(mail: Mail) -> str:
    """Return the body of *mail* without small talk, holds and orders to assistants."""
    body = mail.body
    for line in _SMALL_TALK:
        body = body.replace(line, "")
    lines = body.split("\n")
    return "\n".join(line for line in lines if not _TO_ASSISTANTS.match(line) and line not in HOLDS)


def intent_of(text: str) -> str:
    """Return the kind of matter that *text* seems to be about."""
    for kind, words in _INTENTS:
        if words.search(text):
            return kind
    if ORDER.search(text) or "only order" in text:
        return "whereabouts"
    return "access" if CUSTOMER.search(text) else "fyi"


def overruled(kind: str, text: str) -> str:
    """Return what a matter of *kind* is about after a later mail with *text*: ``drop`` if none."""
    if ORDER.search(text):
        return kind
    if re.search(r"invoice|bookkeeper|document", text, re.IGNORECASE):
        return "invoice"
    if re.search(r"forget|never mind|no answer|settled", text, re.IGNORECASE):
        return "drop"
    return kind


def is_held(mails: Sequence[Mail]) -> bool:
    """Return whether the only one of *mails* announces another."""
    return len(mails) == 1 and any(hold in mails[0].body for hold in HOLDS)


def seems_false(mail: Mail) -> bool:
    """Return whether *mail* comes from a domain that only looks like that of the house."""
    domain = domain_of(mail)
    words = domain.replace("-", ".").split(".")
    return (domain != HOUSE and HOUSE.partition(".")[0] in words) or "/keep" in core_of(mail)


def domain_of(mail: Mail) -> str:
    """Return the domain of the sender."""
    return mail.sender.rpartition("@")[2]
