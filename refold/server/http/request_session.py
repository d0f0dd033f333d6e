"""How a request names its session, and what the endpoints take from requests."""

from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request, Response

from refold.engine import RefoldError
from refold.server.context import ServerContext, get_context
from refold.server.http.access import read_cookie
from refold.server.http.bodies import JsonResponse, read_json_object
from refold.server.sessions.errors import NoEpisode
from refold.server.sessions.store import Session

SESSION_COOKIE = "refold_session"
SESSION_HEADER = "x-session-id"

ContextDep = Annotated[ServerContext, Depends(get_context)]
BodyDep = Annotated[dict[str, Any], Depends(read_json_object)]
PATTERN = r"^[^\x00-\x1f\x7f-\x9f]+$"
TextQuery = Annotated[str | None, Query(min_length=1, max_length=255, pattern=PATTERN)]


def read_session_id(
    session_id: TextQuery = None, x_session_id: Annotated[str | None, Header(max_length=255)] = None
) -> str | None:
    """Return the id of the session that query or header name, if they do."""
    return session_id or x_session_id


SessionIdDep = Annotated[str | None, Depends(read_session_id)]


def find_session(
    request: Request, context: ServerContext, session_id: str | None
) -> Session | None:
    """
    Return the session called *session_id*, else that of the cookie of *request*, if it is open.

    Raises:
        UnknownSession: None is called *session_id*.
    """
    if session_id is not None:
        return context.store.find(session_id)
    cookie = read_cookie(request.headers, SESSION_COOKIE)
    try:
        return context.store.find(cookie) if cookie else None
    except RefoldError:
        return None


def current_session(request: Request, context: ServerContext, session_id: str | None) -> Session:
    """
    Return the session that *request* names, or what was reset last.

    Raises:
        UnknownSession: As ``session_of``.
        NoEpisode: Nothing was reset, or its session is gone.
    """
    session = find_session(request, context, session_id) or context.current
    if session is None or not context.store.is_open(session):
        raise NoEpisode("episode: expected one that has begun, got none; POST /reset first")
    session.last_used = context.store.clock()
    return session


def create_session(request: Request, context: ServerContext) -> Session:
    """Return a new session for *request*, in place of the oldest that nobody came back to."""
    context.store.make_room()
    client = request.client.host if request.client else "unknown"
    return context.store.create(client)


def set_cookie(request: Request, response: Response, name: str, value: str) -> None:
    """Set a cookie for this site only, out of scripts' reach; only for TLS if that was used."""
    encrypted = request.url.scheme == "https"
    response.set_cookie(name, value, httponly=True, samesite="strict", secure=encrypted)


def session_response(request: Request, envelope: bytes, session: Session) -> Response:
    """Return *envelope* as the answer, with the names of session and episode in headers."""
    response = JsonResponse(envelope)
    response.headers[SESSION_HEADER] = session.id
    if session.episode is not None:
        response.headers["x-episode-id"] = session.episode.id
    set_cookie(request, response, SESSION_COOKIE, session.id)
    return response
