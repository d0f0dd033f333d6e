# Build: docker build -t refold .
# Run:   docker run -p 127.0.0.1:8000:8000 -v refold:/data refold
#
# Inside a container the server listens for the whole container network, without a token, as the
# clients of OpenEnv expect: who publishes the port decides who gets in. For more than this
# machine, set REFOLD_TOKEN.
FROM python:3.12-slim AS build
WORKDIR /source
COPY . .
RUN pip wheel --no-cache-dir --wheel-dir /wheels '.[server]'

FROM python:3.12-slim
RUN --mount=type=bind,from=build,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --find-links /wheels 'refold[server]' \
    && useradd --system --uid 10001 --no-create-home refold \
    && install -d -o refold -g refold /data
ENV HOST=0.0.0.0 PORT=8000 REFOLD_LOG=/data/refold.db REFOLD_PUBLIC=1 PYTHONUNBUFFERED=1
USER refold
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/health', timeout=4)"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "refold.server.app"]
