set :application, 'harbour'
set :deploy_to, ENV.fetch('BENCH_TARGET')
set :keep_releases, 5
set :linked_dirs, %w[data run]
set :linked_files, %w[settings]
set :format, :pretty
set :log_level, :info

namespace :deploy do
  task :restart do
    on roles(:app) do
      execute current_path.join('bin/daemon'), 'restart'
    end
  end
  after :publishing, :restart
end
