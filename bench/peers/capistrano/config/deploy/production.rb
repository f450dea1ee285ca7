server '127.0.0.1', user: ENV.fetch('BENCH_USER'), port: ENV.fetch('BENCH_PORT').to_i,
  roles: %w[app],
  ssh_options: {
    keys: [ENV.fetch('BENCH_KEY')], keys_only: true, forward_agent: false,
    user_known_hosts_file: ENV.fetch('BENCH_KNOWN_HOSTS'), verify_host_key: :always
  }
