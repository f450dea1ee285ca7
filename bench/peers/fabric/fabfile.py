"""The steps of the bench with Fabric: one connection, a command for each step."""
import os

from fabric import Connection, task


@task
def deploy(_context):
    target, release = os.environ["BENCH_TARGET"], os.environ["BENCH_RELEASE"]
    path = f"{target}/releases/{release}"
    sent = f"/tmp/harbour-fabric-{release}.tar.gz"
    with Connection(
        "127.0.0.1", user=os.environ["BENCH_USER"], port=int(os.environ["BENCH_PORT"]),
        connect_kwargs={"key_filename": os.environ["BENCH_KEY"], "allow_agent": False,
                        "look_for_keys": False},
    ) as host:
        host.run(f"mkdir -p {path}", hide=True)
        host.put(os.environ["BENCH_ARCHIVE"], sent)
        host.run(f"tar -xzf {sent} -C {path} --strip-components=1", hide=True)
        host.run(f"rm {sent}", hide=True)
        for name in ("data", "run", "settings"):
            host.run(f"ln -s {target}/shared/{name} {path}/{name}", hide=True)
        host.run(f"ln -s {path} {target}/current.new && mv -T {target}/current.new "
                 f"{target}/current", hide=True)
        host.run(f"{target}/current/bin/daemon restart", hide=True)
        host.run(f"cd {target}/releases && ls -1 | sort -r | tail -n +6 | xargs -r rm -rf",
                 hide=True)
