# One image for all rooms: docker build -t orderline .   then   docker run orderline python -m ingest serve
# The stage `sandbox` adds the simulated Wix for trying things out; it is never needed in production.

FROM python:3.11-slim-bookworm AS build
RUN python -m venv /venv
COPY requirements-runtime.lock /build/
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes \
        -r /build/requirements-runtime.lock
COPY pyproject.toml README.md LICENSE NOTICE /build/
COPY ingest /build/ingest
COPY streams /build/streams
COPY analytics /build/analytics
COPY dashboard /build/dashboard
# Everything it needs is there already, each file checked against its hash.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /build

FROM python:3.11-slim-bookworm AS rooms
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin orderline \
    && mkdir /data /sandbox \
    && chown orderline: /data /sandbox
COPY --from=build /venv /venv
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data
USER orderline
WORKDIR /home/orderline
VOLUME /data
CMD ["python", "-m", "ingest", "serve"]

FROM rooms AS sandbox
COPY sandbox /home/orderline/sandbox
CMD ["python", "-m", "sandbox", "wix"]

# The last stage is what `docker build .` makes.
FROM rooms
