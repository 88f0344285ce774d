# Programs of ActiveRecord against Clipper's schema, lazy and eager.
#
# --list prints each program with the tables whose lookups are an N+1 pattern in it ("-" for none); a name runs it.
# The connection comes from libpq's environment; CLIPPER_IDS names a directory with ids as a request would bring them.

require 'active_record'

class User < ActiveRecord::Base
  has_many :comments
  has_many :votes
  has_many :favorites
end

class Tag < ActiveRecord::Base
end

class Clip < ActiveRecord::Base
  has_many :comments
  has_many :votes
  has_many :favorites
  has_many :clip_tags
  has_many :tags, through: :clip_tags

  scope :shown, -> { where(is_removed: false) }
  scope :hot, -> { shown.order(vote_score: :desc, created_at: :desc, id: :asc) }
end

class ClipTag < ActiveRecord::Base
  belongs_to :clip
  belongs_to :tag
end

class Vote < ActiveRecord::Base
  belongs_to :user
  belongs_to :clip
end

class Favorite < ActiveRecord::Base
  belongs_to :user
  belongs_to :clip
end

class Comment < ActiveRecord::Base
  belongs_to :clip
  belongs_to :user
  belongs_to :parent_comment, class_name: 'Comment', optional: true
  has_many :replies, class_name: 'Comment', foreign_key: :parent_comment_id

  scope :newest, -> { where(is_removed: false).order(created_at: :desc, id: :asc) }
end

class Notification < ActiveRecord::Base
  self.inheritance_column = nil
  belongs_to :user
end

# All programs: a name, the tables looked up row by row, what to run.
PROGRAMS = {}

def program(name, *tables, &body)
  PROGRAMS[name.to_s] = [tables, body]
end

# Ids as they come with requests, in random order.
def ids(name, count)
  File.readlines(File.join(ENV.fetch('CLIPPER_IDS'), name), chomp: true).sample(count, random: Random.new(11))
end

def connect(**options)
  ActiveRecord::Base.establish_connection(adapter: 'postgresql', database: ENV['PGDATABASE'], pool: 5, **options)
end

# Lazy loading.

program :author_of_each_comment, 'users' do
  Comment.newest.limit(40).map { |comment| comment.user.username }
end

program :author_without_prepared_statements, 'users' do
  connect(prepared_statements: false)
  Comment.newest.limit(40).map { |comment| comment.user.username }
end

program :tags_of_each_clip, 'clip_tags' do
  Clip.hot.limit(30).map { |clip| clip.tags.map(&:name) }
end

program :vote_and_favorite_of_each_clip, 'votes', 'favorites' do
  user = ids('users', 1).first
  Clip.hot.limit(25).map do |clip|
    [clip.votes.find_by(user_id: user)&.vote_type, clip.favorites.exists?(user_id: user)]
  end
end

program :count_of_votes_of_each_clip, 'votes' do
  Clip.hot.limit(30).map { |clip| clip.votes.count }
end

program :comments_and_their_authors_of_each_clip, 'comments', 'users' do
  Clip.order(comment_count: :desc, id: :asc).limit(12).map do |clip|
    clip.comments.newest.limit(8).map { |comment| comment.user.username }
  end
end

program :author_from_find_each, 'users' do
  Comment.where(id: Comment.newest.limit(120).select(:id)).find_each(batch_size: 50) { |comment| comment.user.username }
end

program :update_each_in_a_transaction, 'clips' do
  Clip.transaction do
    Clip.hot.limit(30).each { |clip| clip.update!(view_count: clip.view_count + 1) }
  end
end

program :author_of_popular_comments, 'users' do
  Comment.newest.limit(80).each_with_index.map { |comment, row| comment.user.username if (row % 3).zero? }
end

program :newest_comment_of_each_clip, 'comments' do
  Clip.order(comment_count: :desc, id: :asc).limit(30).map { |clip| clip.comments.newest.first&.content }
end

program :authors_by_threads, 'users' do
  comments = Comment.newest.limit(60).to_a
  comments.each_slice(15).map do |slice|
    Thread.new do
      ActiveRecord::Base.connection_pool.with_connection { slice.map { |comment| comment.user.username } }
    end
  end.each(&:join)
end

program :find_or_create_for_each_clip, 'favorites' do
  user = ids('users', 4).last
  Favorite.where(user_id: user).delete_all
  Clip.hot.limit(20).each { |clip| Favorite.find_or_create_by!(user_id: user, clip_id: clip.id) }
end

program :clip_of_each_vote, 'clips' do
  user = Vote.group(:user_id).order(Arel.sql('count(*) DESC, user_id')).limit(1).pluck(:user_id).first
  Vote.where(user_id: user).or(Vote.where(user_id: ids('users', 3))).order(:created_at, :id).limit(40)
      .map { |vote| vote.clip.title }
end

program :touch_each_notification, 'notifications' do
  Notification.order(:created_at, :id).limit(25).each { |notification| notification.update_column(:is_read, true) }
end

program :several_lazy_parts_of_each_comment, 'users', 'clips' do
  Comment.newest.limit(40).map { |comment| [comment.user.username, comment.clip.title] }
end

program :author_and_the_user_asked_for_each_time, 'users' do
  Comment.newest.limit(30).map { |comment| [User.find(comment.user_id).username, User.find(ids('users', 7).last).id] }
end

# Eager loading, batches, and what else is none.

program :authors_with_includes do
  Comment.newest.includes(:user).limit(40).map { |comment| comment.user.username }
end

program :tags_with_preload do
  Clip.hot.preload(:tags).limit(30).map { |clip| clip.tags.map(&:name) }
end

program :authors_with_eager_load do
  Comment.newest.eager_load(:user, :clip).limit(40).map { |comment| [comment.user.username, comment.clip.title] }
end

program :comments_and_authors_with_nested_includes do
  Clip.hot.includes(comments: :user).limit(10).map { |clip| clip.comments.map { |comment| comment.user.username } }
end

program :pages_with_includes do
  12.times { |page| Comment.newest.includes(:user).offset(page * 25).limit(25).map { |comment| comment.user.username } }
end

program :find_each_with_includes do
  Comment.where(id: Comment.newest.limit(200).select(:id)).includes(:user)
         .find_each(batch_size: 40) { |comment| comment.user.username }
end

program :pluck_then_where do
  user = ids('users', 1).first
  clips = Clip.hot.limit(25).pluck(:id)
  Vote.where(user_id: user, clip_id: clips).index_by(&:clip_id)
end

program :counts_with_group do
  clips = Clip.hot.limit(30).to_a
  Comment.where(clip_id: clips.map(&:id)).group(:clip_id).count
end

program :insert_all_favorites do
  user = ids('users', 6).last
  Favorite.where(user_id: user).delete_all
  Favorite.insert_all(Clip.hot.limit(30).pluck(:id).map { |clip| { user_id: user, clip_id: clip } })
end

program :update_all_in_batches do
  Clip.shown.in_batches(of: 100) { |batch| batch.update_all('view_count = view_count + 1') }
end

program :find_each_alone do
  Clip.find_each(batch_size: 50) { |clip| clip.title.length }
end

program :logins do
  ids('usernames', 40).each do |name|
    user = User.find_by!(username: name)
    user.update_columns(last_login_at: nil, karma_points: user.karma_points)
  end
end

program :one_counter_again_and_again do
  Clip.hot.limit(25).to_a
  clip = ids('clips', 1).first
  40.times { Clip.where(id: clip).update_all('view_count = view_count + 1') }
end

program :pages_by_offset do
  10.times { |page| Clip.hot.offset(page * 25).limit(25).to_a }
  Clip.shown.count
end

program :details_of_requested_clips do
  ids('clips', 40).each_with_index do |id, request|
    Clip.hot.limit(25).to_a if (request % 8).zero?
    clip = Clip.find(id)
    clip.tags.to_a
  end
end

program :details_by_threads do
  ids('clips', 80).each_slice(20).map do |slice|
    Thread.new do
      ActiveRecord::Base.connection_pool.with_connection do
        slice.each_with_index do |id, request|
          Clip.hot.limit(25).to_a if (request % 5).zero?
          Clip.find(id)
        end
      end
    end
  end.each(&:join)
end

program :a_few_of_a_list do
  Clip.hot.limit(50).to_a.sample(4, random: Random.new(5)).each { |clip| Clip.find(clip.id) }
end

program :cached_author do
  ActiveRecord::Base.cache do
    author = Comment.newest.first.user_id
    40.times { User.find(author) }
  end
end

program :queue_of_notifications do
  8.times do
    Notification.transaction do
      Notification.where(is_read: false).order(:created_at, :id).limit(6).lock('FOR UPDATE SKIP LOCKED').each do |todo|
        todo.update_column(:is_read, true)
      end
    end
  end
end

program :names_taken do
  30.times { |number| User.exists?(username: "someone-#{number}") }
end

if ARGV[0] == '--list'
  PROGRAMS.each { |name, (tables, _)| puts "#{name} #{tables.empty? ? '-' : tables.sort.join(',')}" }
else
  connect
  PROGRAMS.fetch(ARGV[0])[1].call
end
