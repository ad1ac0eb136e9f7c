# Lampway for containers: built in one stage, run in another without compilers, as a user without rights.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/lampway
# The libraries first: they change seldom, and this layer is kept then.
COPY constraints.txt pyproject.toml README.md LICENSE ./
RUN python - <<'PY' > /tmp/libraries.txt
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
print(*project["dependencies"], *project["optional-dependencies"]["postgres"], sep="\n")
PY
RUN /opt/lampway/bin/pip install --no-cache-dir --constraint constraints.txt --requirement /tmp/libraries.txt
COPY setup.py ./
COPY config config
COPY schemas schemas
COPY store store
COPY harvester harvester
COPY indexer indexer
COPY search_api search_api
COPY lampway lampway
RUN LAMPWAY_COMPILE=1 /opt/lampway/bin/pip install --no-cache-dir --no-deps .

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /var/lib/lampway --create-home lampway \
    && install --directory --owner lampway /var/lib/lampway/uploads
COPY --from=build /opt/lampway /opt/lampway
ENV PATH=/opt/lampway/bin:$PATH PYTHONUNBUFFERED=1 LAMPWAY_HOME=/var/lib/lampway
USER lampway
WORKDIR /var/lib/lampway
VOLUME /var/lib/lampway
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["lampway"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
