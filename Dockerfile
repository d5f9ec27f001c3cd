# One image for every role: `serve` (default), `worker`, `migrate` and the other commands of
# `python -m app`.
ARG PYTHON=python:3.13-slim

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
# The environment has no pip of its own: the base image's pip fills it from here.
RUN python -m venv --without-pip /opt/venv
# Only the lock file: a change of code does not install the packages again.
COPY requirements.txt /build/
RUN --mount=type=cache,target=/root/.cache/pip \
    pip --python /opt/venv/bin/python install --require-hashes -r /build/requirements.txt
# Further packages, such as "fastapi[opentelemetry]" for traces.
ARG EXTRAS=""
# Their versions are the builder's business.
# hadolint ignore=DL3013
RUN --mount=type=cache,target=/root/.cache/pip \
    if [ -n "${EXTRAS}" ]; then pip --python /opt/venv/bin/python install ${EXTRAS}; fi
WORKDIR /srv
COPY alembic.ini ./
COPY alembic ./alembic
COPY deploy/compose ./deploy/compose
COPY app ./app
# The last stage's files are read only for whom they serve, so Python could not keep these.
RUN python -m compileall -q app alembic

FROM ${PYTHON}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Image Processing Service" \
      org.opencontainers.image.description="A CSV of image URLs in, the same CSV with URLs of compressed images out." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# HOST: other containers and the published port come from outside of this one. MALLOC_ARENA_MAX:
# glibc's default of eight arenas a core keeps freed pixels of many threads in many places.
# TOKIO_WORKER_THREADS: one thread has room for more of obstore's puts than a worker can start.
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    TOKIO_WORKER_THREADS=1 \
    HOST=0.0.0.0 \
    METRICS_HOST=0.0.0.0 \
    PORT=8000 \
    DATA_DIR=/data \
    LOG_FORMAT=json
# Makes JPEGs a fifth cheaper (app/imaging/rungs/planes.py); Debian mends it, so its version is not pinned.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libturbojpeg0 \
    && rm -rf /var/lib/apt/lists/*
# A new volume takes over the owner of the folder that it covers, so these two exist beforehand.
RUN install -d -o 10001 -g 10001 /data /secrets
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv
WORKDIR /srv
# A number, so that an orchestrator can tell that it is not root.
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-m", "app.cli.healthcheck"]
ENTRYPOINT ["python", "-m", "app"]
CMD ["serve"]
