"""
Dependencies of the routes: the server's context, the request body, and the request's session.

A request names its session by query, header or cookie; see ``find_session`` for which one counts.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Query, Request, Response

from refold.engine import RefoldError
from refold.server.context import ServerContext, get_context
from refold.server.http.access import client_address, read_cookie
from refold.server.http.bodies import JsonResponse, read_json_object
from refold.server.sessions.errors import NoEpisode
from refold.server.sessions.reset_arguments import TEXT_PATTERN
from refold.server.sessions.store import LAST, Session

SESSION_COOKIE = "refold_session"
SESSION_HEADER = "x-session-id"

ContextDep = Annotated[ServerContext, Depends(get_context)]
BodyDep = Annotated[dict[str, Any], Depends(read_json_object)]
TextQuery = Annotated[str | None, Query(min_length=1, max_length=255, pattern=f"^{TEXT_PATTERN}$")]


def read_session_id(
    session_id: TextQuery = None, x_session_id: Annotated[str | None, Header(max_length=255)] = None
) -> str | None:
    """Return the session id in the query, else that in the header, else None."""
    return session_id or x_session_id


SessionIdDep = Annotated[str | None, Depends(read_session_id)]


def find_session(
    request: Request, context: ServerContext, session_id: str | None
) -> Session | None:
    """
    Return the session *session_id*, else the one in the cookie of *request*, else None.

    Raises:
        UnknownSession: There is no session *session_id*.
    """
    if session_id is not None:
        return context.store.find(session_id)
    # A stale cookie is no error: the browser sends it on its own, after a restart as well.
    cookie = read_cookie(request.headers, SESSION_COOKIE)
    try:
        return context.store.find(cookie) if cookie else None
    except RefoldError:
        return None


def current_session(request: Request, context: ServerContext, session_id: str | None) -> Session:
    """
    Return the session that *request* names, else the one that plain HTTP reset last.

    Raises:
        UnknownSession: There is no session *session_id*.
        NoEpisode: Nothing was reset yet, or its session was closed.
    """
    session = find_session(request, context, session_id) or context.current
    if session is None or not context.store.is_open(session):
        raise NoEpisode(
            "episode: expected one that has begun, got none; POST /reset first, "
            "to the same process: sessions live in one, so there must be one worker only"
        )
    session.last_used = context.store.clock()
    return session


def create_session(request: Request, context: ServerContext) -> Session:
    """
    Return a new session for *request*; a full store drops its oldest unclaimed one for it.

    Raises:
        SessionsFull: The store or the client's share is full of sessions in use.
    """
    context.store.make_room()
    return context.store.create(client_address(request.scope))


@contextmanager
def provisional_session(request: Request, context: ServerContext) -> Iterator[Session]:
    """Open a new session, and close it again if the block raises a ``RefoldError``."""
    session = create_session(request, context)
    try:
        yield session
    except RefoldError:
        context.store.close(session)
        raise


async def read_own_names(request: Request, context: ContextDep) -> Mapping[str, str]:
    """
    Return the ids in the log of the episodes that the client of *request* began, by its names.

    They are those of the session that it names. Of a client that names none, they are those of
    the session that plain HTTP reset last, if that was from the same address; ``last`` is the
    log's newest then.
    """
    try:
        session = find_session(request, context, request.headers.get(SESSION_HEADER))
    except RefoldError:
        session = None
    if session is not None:
        return session.names
    current = context.current
    if current is None or current.client != client_address(request.scope):
        return {}
    return {name: id for name, id in current.names.items() if name != LAST}


NamesDep = Annotated[Mapping[str, str], Depends(read_own_names)]
EpisodePath = Annotated[
    str, Path(min_length=1, max_length=255, description="Id, unique prefix, or `last`")
]


async def read_episode_name(id: EpisodePath, names: NamesDep) -> str:
    """Return what the log knows the episode *id* of the path by: the client's own name first."""
    return names.get(id, id)


EpisodeDep = Annotated[str, Depends(read_episode_name)]


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie on *response* for this site only, hidden from scripts."""
    # `secure` only over TLS: on plain HTTP, a browser would never send such a cookie back.
    encrypted = request.url.scheme == "https"
    response.set_cookie(name, value, httponly=True, samesite="strict", secure=encrypted)


def session_response(request: Request, envelope: bytes, session: Session) -> Response:
    """Return *envelope* as a response, the ids of *session* and its episode in the headers."""
    response = JsonResponse(envelope)
    response.headers[SESSION_HEADER] = session.id
    if session.episode is not None:
        response.headers["x-episode-id"] = session.episode.id
    set_cookie(request, response, SESSION_COOKIE, session.id)
    return response
