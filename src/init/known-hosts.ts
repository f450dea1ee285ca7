/** Lines of a known_hosts file, as `ssh-keygen -F` gives them: with remarks of its own between. */
export function linesOf(output: string, host: string): string[] {
  return output.split('\n').map((it) => it.trim())
    .filter((it) => it !== '' && !it.startsWith('#'))
    .map((line) => {
      const [first = '', ...rest] = line.split(/\s+/);
      // A mark such as @cert-authority stands before the host.
      return first.startsWith('@') ? [first, host, ...rest.slice(1)].join(' ')
        : [host, ...rest].join(' ');
    });
}

/** As known_hosts writes it: `[www.example.org]:2222` for another port. */
export function knownAs(destination: string, port: number | undefined): string {
  const host = destination.split('@').at(-1) ?? destination;
  return port === undefined || port === 22 ? host : `[${host}]:${port}`;
}

/** How a person gets a line that may be trusted. */
export function howToKnow(destination: string, port: number | undefined): string {
  return `At the console of ${destination.split('@').at(-1) ?? ''} (not over the network): ` +
    `echo "${knownAs(destination, port)} $(cut -d' ' -f1,2 /etc/ssh/ssh_host_ed25519_key.pub)"`;
}
