"""What repeats is prepared once, and asks for the same as if it were prepared anew."""

from __future__ import annotations

import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from harvester.sender import Sender

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
URLS = ["https://x.org", "http://x.org/oai?", "http://x.org:8080/a b/%7eü?set=a%20b&c", "http://x.org/oai?a#part"]


class Noted(BaseAdapter):
    """Notes what is asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[requests.PreparedRequest] = []

    def send(self, request, **_):
        self.asked.append(request)
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, request.url
        return answer

    def close(self):
        pass


@given(st.sampled_from(URLS), st.lists(st.dictionaries(TEXT, TEXT, max_size=3), min_size=1, max_size=3))
@example("http://x.org/oai", [{"verb": "ListRecords", "resumptionToken": "~a+b/c=&%20 é\n"}, {}])
@settings(max_examples=60)
def test_the_same_address_is_asked_as_requests_would(url, queries):
    noted = Noted()
    sender, plain = Sender("us", {"http://": noted, "https://": noted}, (1, 1)), requests.Session()
    plain.headers["User-Agent"] = "us"
    for number, query in enumerate(queries):
        headers = {"Accept": "xml"} if number % 2 else {}
        sender.send("GET", url, query=query, form=None, headers=headers, auth=None)
        wanted = plain.prepare_request(requests.Request("GET", url, params=query, headers=headers))
        assert (noted.asked[-1].url, noted.asked[-1].headers) == (wanted.url, wanted.headers)
