# A cluster in a container: docker run -p 6443:6443 -p 10053:10053/udp IMAGE
# Everything installed is in the lock, hashes checked; fakekube itself needs no build.
FROM python:3.14-slim AS dependencies
COPY requirements.lock /
RUN python -m venv /opt/fakekube \
 && /opt/fakekube/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock

FROM python:3.14-slim
COPY --from=dependencies /opt/fakekube /opt/fakekube
COPY fakekube /app/fakekube
COPY dns/fakekube_dns /app/fakekube_dns
COPY conformance/fakekube_conformance /app/fakekube_conformance
ENV PATH=/opt/fakekube/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1
RUN python -m compileall -q /app && mkdir /kube && chown 65532:65532 /kube
USER 65532:65532
EXPOSE 6443/tcp 10053/udp 10053/tcp
STOPSIGNAL SIGTERM
# The address is open to the container's network on purpose; the kubeconfig is to be copied from /kube/config.
ENTRYPOINT ["python", "-m", "fakekube"]
CMD ["up", "--host", "0.0.0.0", "--kubeconfig", "/kube/config"]
