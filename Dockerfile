# A CPU image with the towers' weights inside: it needs no network at run time.
FROM python:3.12-slim-bookworm AS build
RUN pip install --no-cache-dir uv
ENV VIRTUAL_ENV=/opt/pivot UV_LINK_MODE=copy
RUN uv venv $VIRTUAL_ENV
WORKDIR /src
COPY constraints.txt pyproject.toml README.md LICENSE ./
# torch changes seldom: in a layer of its own.
ARG TORCH=torch==2.13.0
RUN uv pip install --no-cache --torch-backend cpu $TORCH
COPY model model
COPY index index
COPY service service
RUN uv pip install --no-cache --constraint constraints.txt .

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /data --no-create-home pivot && install -d -o pivot -g pivot /data
COPY --from=build /opt/pivot /opt/pivot
ENV PATH=/opt/pivot/bin:$PATH PYTHONUNBUFFERED=1 PIVOT_STORE=/data PIVOT_HOST=0.0.0.0 PIVOT_PORT=8000
USER pivot
WORKDIR /data
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["python", "-m", "service", "serve"]
