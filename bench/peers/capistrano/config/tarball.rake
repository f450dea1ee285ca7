namespace :tarball do
  task :create_release do
    on release_roles :all do
      sent = "/tmp/#{fetch(:application)}-#{release_timestamp}.tar.gz"
      upload! ENV.fetch('BENCH_ARCHIVE'), sent
      execute :mkdir, '-p', release_path
      execute :tar, '-xzf', sent, '-C', release_path, '--strip-components=1'
      execute :rm, sent
    end
  end

  task :set_current_revision do
    set :current_revision, ENV.fetch('BENCH_RELEASE')
  end
end

before 'deploy:set_current_revision', 'tarball:set_current_revision'
