# Programs of Sequel against Clipper's schema, lazy and eager.
#
# --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
# The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.

require 'sequel'

DB = Sequel.connect('postgres:///', host: ENV['PGHOST'], database: ENV['PGDATABASE'], user: ENV['PGUSER'], max_connections: 3,
                                    test: false)

# All programs: a name, the tables looked up row by row, what to run.
PROGRAMS = {}

def program(name, *tables, &body)
  PROGRAMS[name.to_s] = [tables, body]
end

# Ids as they come with requests, in random order.
def ids(name, count)
  File.readlines(File.join(ENV.fetch('CLIPPER_IDS'), name), chomp: true).shuffle(random: Random.new(5)).first(count)
end

def define_models
  eval <<~MODELS, TOPLEVEL_BINDING
    class User < Sequel::Model(:users)
      one_to_many :comments
    end
    class Tag < Sequel::Model(:tags)
    end
    class Clip < Sequel::Model(:clips)
      one_to_many :comments
      one_to_many :votes
      one_to_many :favorites
      many_to_many :tags, join_table: :clip_tags
    end
    class Comment < Sequel::Model(:comments)
      many_to_one :user
      many_to_one :clip
    end
    class Vote < Sequel::Model(:votes)
      many_to_one :user
      many_to_one :clip
    end
    class Favorite < Sequel::Model(:favorites)
      many_to_one :clip
    end
  MODELS
end

def feed(count)
  Clip.where(is_removed: false).order(Sequel.desc(:vote_score), Sequel.desc(:created_at), :id).limit(count)
end

def newest(count = 40)
  Comment.order(Sequel.desc(:created_at), :id).limit(count)
end

# Lazy loading.

program(:author_of_each_comment, 'users') { newest.all.map { |c| c.user.username } }
program(:author_in_a_transaction, 'users') { DB.transaction { newest.all.map { |c| c.user.username } } }
program(:comments_of_each_clip, 'comments') { feed(30).all.map { |c| c.comments.size } }
program(:count_of_votes_of_each_clip, 'votes') { feed(30).all.map { |c| c.votes_dataset.count } }
program(:tags_of_each_clip, 'clip_tags') { feed(30).all.map { |c| c.tags.map(&:name) } }
program(:vote_and_favorite_of_each_clip, 'votes', 'favorites') do
  user = ids('users', 1).first
  feed(25).all.map { |c| [c.votes_dataset.first(user_id: user), c.favorites_dataset.where(user_id: user).empty?] }
end
program(:with_pk_for_each_favorite, 'clips') do
  DB[:favorites].order(Sequel.desc(:created_at), :id).limit(40).select_map(:clip_id).uniq.map { |id| Clip.with_pk!(id).title }
end
program(:dataset_for_each_id, 'comments') do
  DB[:clips].order(Sequel.desc(:vote_score), :id).limit(30).map(:id).map { |id| DB[:comments].where(clip_id: id).max(:created_at) }
end
program(:update_each_clip, 'clips') { feed(25).all.each { |c| c.update(view_count: c.view_count + 1) } }
program(:author_of_prepared, 'users') do
  prepared = DB[:users].where(id: :$id).prepare(:first, :author_by_id)
  newest.all.map { |c| prepared.call(id: c.user_id)[:username] }
end
program(:delete_for_each_row, 'favorites') do
  feed(20).all.each { |c| DB[:favorites].where(clip_id: c.id, user_id: ids('users', 3).last).delete }
end

# Eager loading and batches.

program(:eager_author) { newest.eager(:user).all.map { |c| c.user.username } }
program(:eager_graph_author) { newest.eager_graph(:user).all.map { |c| c.user.username } }
program(:eager_two_levels) { feed(20).eager(comments: :user).all.map { |c| c.comments.map { |m| m.user.username } } }
program(:eager_tags) { feed(30).eager(:tags).all.map { |c| c.tags.map(&:name) } }
program(:association_join) { Clip.association_join(:comments).select_all(:clips).order(Sequel[:clips][:id]).limit(100).all.size }
program(:counts_at_once) { DB[:votes].where(clip_id: feed(30).map(:id)).group_and_count(:clip_id).all }
program(:multi_insert) do
  user = ids('users', 2).last
  DB[:favorites].insert_conflict.multi_insert(feed(20).map(:id).map { |id| { user_id: user, clip_id: id } })
end
program(:requested_clips) { ids('clips', 40).each { |id| Clip[id] } }
program(:paged_each) { Comment.order(:id).limit(600).paged_each(rows_per_fetch: 100) { |c| c.content } }
program(:pages_by_key) do
  last = '00000000-0000-0000-0000-000000000000'
  12.times { last = Clip.where { id > last }.order(:id).limit(20).all.last.id }
end
program(:dashboard) do
  user = ids('users', 4).last
  8.times { %i[votes favorites comments].each { |table| DB[table].where(user_id: user).count } }
end

if ARGV[0] == '--list'
  PROGRAMS.each { |name, (tables, _)| puts "#{name} #{tables.empty? ? '-' : tables.sort.join(',')}" }
else
  define_models
  PROGRAMS.fetch(ARGV[0])[1].call
end
