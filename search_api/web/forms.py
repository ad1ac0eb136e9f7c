"""What a page's form has sent, and what is said about its fields."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

import msgspec
from fastapi import Depends, Request
from starlette.responses import RedirectResponse, Response

from search_api.errors import ApiError

_MOST_FIELDS = 200
_TYPE = "application/x-www-form-urlencoded"


class Form(msgspec.Struct):
    """The fields of a form as they were typed, and what is wrong with each: shown beside it."""

    fields: dict[str, str] = {}
    wrong: dict[str, str] = {}
    """Field -> what is wrong and how to mend it, in the reader's language."""

    def __getitem__(self, name: str) -> str:
        """A field, "" when it was not sent; blanks around it are nobody's intention."""
        return self.fields.get(name, "").strip()


async def form_of(request: Request) -> Form:
    """The form in the body of a request (at most what ``front`` lets through).

    Raises:
        ApiError: it is no form.
    """
    body = await request.body()
    if not body:  # a button alone
        return Form({})
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _TYPE:
        raise ApiError("invalid-body", f"Send a form ({_TYPE}).")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="strict")
    except ValueError as error:
        raise ApiError("invalid-body", f"The form cannot be read: {error}") from None
    return Form(dict(pairs))


def see_other(address: str, **headers: str) -> Response:
    """The page to look at when a form is done; kept by nobody."""
    return RedirectResponse(address, status_code=303, headers={"Cache-Control": "no-store", **headers})


Sent = Annotated[Form, Depends(form_of)]
