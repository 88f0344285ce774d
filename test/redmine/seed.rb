# Fills Redmine with the same data each time: projects in a tree, members in groups and roles, issues with fields,
# journals, watchers and relations, news, wiki pages, forums, time entries. Ids of tables do not coincide: each
# sequence begins elsewhere, as those of a server that has been in use for years do.

srand(7)
ActionMailer::Base.perform_deliveries = false
START = Time.utc(2026, 1, 5, 9)

def some(list)
  list[rand(list.size)]
end

def words(count)
  Array.new(count) { some(%w[clip video vote page index table query user list feed game tag score cache route]) }.join(' ')
end

connection = ActiveRecord::Base.connection
connection.tables.sort.each_with_index do |table, i|
  sequence = connection.select_value("SELECT pg_get_serial_sequence(#{connection.quote(table)}, 'id')") if connection.column_exists?(table, :id)
  connection.execute("SELECT setval('#{sequence}', #{1000 * (i + 1)})") if sequence
end

Setting.rest_api_enabled = '1'
Setting.default_language = 'en'
Setting.notified_events = []
Setting.display_subprojects_issues = '1'
Setting.issue_list_default_columns =
  %w[project tracker status priority subject author assigned_to category fixed_version updated_on total_spent_hours relations]

admin = User.find_by(login: 'admin')
admin.update_columns(must_change_passwd: false, language: 'en')
Token.create!(user: admin, action: 'api', value: 'a' * 40, created_on: START, updated_on: START)
User.current = admin

fields = %w[Severity Component Reporter].map.with_index do |name, i|
  field = IssueCustomField.new(name: name, field_format: i == 2 ? 'user' : 'list', is_for_all: true, is_filter: true)
  field.possible_values = %w[low middle high] unless i == 2
  field.trackers = Tracker.all.to_a
  field.save!
  field
end

users = Array.new(40) do |i|
  user = User.new(firstname: "First#{i}", lastname: "Last#{i * 7 % 40}", mail: "user#{i}@example.net", language: 'en',
                  status: 1, created_on: START, updated_on: START, passwd_changed_on: START)
  user.login = "user#{i}"
  user.password = user.password_confirmation = "secret#{i}secret"
  user.save!
  user
end
groups = Array.new(4) do |i|
  group = Group.create!(lastname: "Group #{i}", created_on: START, updated_on: START)
  group.users << users[i * 8, 6]
  group
end

projects = []
12.times do |i|
  project = Project.new(name: "Project #{i}", identifier: "project-#{i}", is_public: true, description: words(20),
                        created_on: START, updated_on: START)
  project.enabled_module_names = Setting.default_projects_modules
  project.trackers = Tracker.all.to_a
  project.parent_id = projects[(i - 1) / 3].id if i > 0
  project.save!
  projects << project
end
projects.each_with_index do |project, i|
  roles = Role.givable.to_a
  users.rotate(i * 3).first(12).each { |u| Member.new(project: project, user_id: u.id, roles: [some(roles)]).save }
  Member.new(project: project, user_id: groups[i % 4].id, roles: [roles.last]).save
  5.times { |n| IssueCategory.create!(project: project, name: "Category #{n}", assigned_to: project.users.to_a[n]) }
  6.times { |n| Version.create!(project: project, name: "1.#{n}", status: 'open', sharing: 'tree', effective_date: Date.new(2026, 1 + n, 1), created_on: START, updated_on: START) }
  board = Board.create!(project: project, name: 'Forum', description: words(4))
  12.times do |n|
    message = Message.create!(board: board, subject: words(3), content: words(20), author: some(users), created_on: START + n, updated_on: START + n)
    10.times { |m| Message.create!(board: board, parent: message, subject: words(3), content: words(9), author: some(users), created_on: START + m, updated_on: START + m) } if n < 4
  end
  10.times do |n|
    news = News.create!(project: project, title: words(3), description: words(30), summary: words(5), author: some(users), created_on: START + n)
    8.times { Comment.create!(commented: news, author: some(users), content: words(8), created_on: START, updated_on: START) } if n < 3
  end
  8.times { |n| Document.create!(project: project, category: some(DocumentCategory.all.to_a), title: words(3), description: words(9), created_on: START + n) }
  wiki = project.wiki || Wiki.create!(project: project, start_page: 'Wiki', status: 1)
  parent = nil
  12.times do |n|
    page = WikiPage.new(wiki: wiki, title: n == 0 ? 'Wiki' : "Page_#{n}", parent: n > 3 ? parent : nil, created_on: START)
    page.content = WikiContent.new(page: page, text: words(40), author: some(users), updated_on: START, version: 1)
    page.save!
    parent = page
  end
end

issues = []
240.times do |i|
  project = projects[i % 7 == 0 ? 1 : i % 4]
  members = project.users.to_a
  issue = Issue.new(project: project, tracker: some(project.trackers.to_a), subject: words(5), description: words(30),
                    author: some(users), assigned_to: some(members), priority: some(IssuePriority.all.to_a),
                    status: some(IssueStatus.all.to_a), category: some(project.issue_categories.to_a),
                    fixed_version: some(project.versions.to_a), created_on: START + i * 3600, updated_on: START + i * 7200,
                    start_date: Date.new(2026, 1, 1) + i / 4, due_date: Date.new(2026, 3, 1) + i / 3, done_ratio: 10 * (i % 10))
  issue.parent_issue_id = issues[-1 - i % 5].id if i % 3 == 1 && i > 8 && issues[-1 - i % 5].project_id == project.id
  issue.custom_field_values = { fields[0].id => some(%w[low middle high]), fields[1].id => some(%w[low middle high]), fields[2].id => some(members).id.to_s }
  issue.save!(validate: false)
  issues << issue
end
issues.each_with_index do |issue, i|
  (i % 6 == 0 ? 12 : 2).times do |n|
    journal = Journal.new(journalized: issue, user: some(users), notes: words(10), created_on: START + i * 3600 + n)
    journal.details << JournalDetail.new(property: 'attr', prop_key: 'status_id', old_value: IssueStatus.first.id.to_s, value: some(IssueStatus.all.to_a).id.to_s)
    journal.details << JournalDetail.new(property: 'attr', prop_key: 'assigned_to_id', old_value: some(users).id.to_s, value: some(users).id.to_s)
    journal.details << JournalDetail.new(property: 'cf', prop_key: fields[2].id.to_s, old_value: some(users).id.to_s, value: some(users).id.to_s)
    journal.save!(validate: false)
  end
  (i % 4 == 0 ? 6 : 1).times { Watcher.create(watchable: issue, user: some(users)) }
  2.times { TimeEntry.new(project: issue.project, issue: issue, user: some(users), author: some(users), hours: 1 + i % 5, activity: some(TimeEntryActivity.all.to_a), spent_on: Date.new(2026, 2, 1) + i / 8, comments: words(3), created_on: START, updated_on: START).save!(validate: false) }
  4.times { |n| IssueRelation.create(issue_from: issue, issue_to: issues[(i + 40 + 11 * n) % issues.size], relation_type: 'relates') } if i % 10 == 0
end
8.times { |i| IssueQuery.create!(name: "Query #{i}", user: some(users), visibility: 2, project: i < 4 ? projects[i] : nil, filters: { 'status_id' => { operator: 'o', values: [''] } }) }
puts "#{Project.count} projects, #{Issue.count} issues, #{Journal.count} journals"
