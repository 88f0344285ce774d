-- What Clipper's load asks, each once, with one value of its parameters: see examples/clipper/load.
SELECT id, title, vote_score, created_at FROM clips c WHERE c.is_removed = false ORDER BY c.vote_score DESC, c.created_at DESC LIMIT 25 OFFSET 50;
SELECT id, title, vote_score, created_at FROM clips c WHERE c.is_removed = false ORDER BY c.created_at DESC LIMIT 25 OFFSET 100;
SELECT count(*) FROM clips WHERE is_removed = false;
SELECT id, title, vote_score, created_at FROM clips c WHERE c.is_removed = false
  AND c.created_at > (SELECT max(created_at) FROM clips) - interval '7 days' ORDER BY c.vote_score DESC LIMIT 25;
SELECT id, title, vote_score, created_at FROM clips c WHERE c.game_id = (SELECT game_id FROM clips WHERE id = md5('clip5')::uuid)
  AND c.is_removed = false ORDER BY c.created_at DESC LIMIT 25;
SELECT count(*) FROM clips WHERE game_id = (SELECT game_id FROM clips WHERE id = md5('clip5')::uuid) AND is_removed = false;
SELECT id, title, vote_score, created_at FROM clips c WHERE c.broadcaster_id = (SELECT broadcaster_id FROM clips WHERE id = md5('clip7')::uuid)
  AND c.is_removed = false ORDER BY c.created_at DESC LIMIT 25;
SELECT c.id, c.title, c.vote_score FROM clips c JOIN clip_tags ct ON ct.clip_id = c.id JOIN tags t ON t.id = ct.tag_id
  WHERE t.slug = 'tag-5' AND c.is_removed = false ORDER BY c.vote_score DESC LIMIT 25;
SELECT id, title, view_count FROM clips c WHERE c.language = 'en' AND c.is_removed = false ORDER BY c.view_count DESC LIMIT 25;
SELECT c.id, c.title, f.favorites FROM clips c JOIN (SELECT clip_id, count(*) AS favorites FROM favorites
  WHERE created_at > (SELECT max(created_at) FROM favorites) - interval '7 days' GROUP BY clip_id ORDER BY count(*) DESC LIMIT 25) f
  ON f.clip_id = c.id WHERE c.is_removed = false ORDER BY f.favorites DESC;
SELECT t.id, t.name, t.slug, count(*) AS clips FROM clip_tags ct JOIN tags t ON t.id = ct.tag_id
  WHERE ct.created_at > (SELECT max(created_at) FROM clip_tags) - interval '7 days' GROUP BY t.id ORDER BY count(*) DESC LIMIT 20;
SELECT f.user_id, f.clip_id, f.created_at FROM favorites f ORDER BY f.created_at DESC LIMIT 20;
SELECT vote_type FROM votes WHERE user_id = md5('user17')::uuid AND clip_id = md5('clip17')::uuid;
SELECT clip_id, vote_type FROM votes WHERE user_id = md5('user3')::uuid AND clip_id = ANY (ARRAY(SELECT id FROM clips ORDER BY created_at DESC LIMIT 25));
SELECT t.id, t.name, t.slug, t.color FROM tags t JOIN clip_tags ct ON ct.tag_id = t.id WHERE ct.clip_id = md5('clip5')::uuid ORDER BY t.name;
SELECT id, title, thumbnail_url, vote_score FROM clips WHERE game_id = (SELECT game_id FROM clips WHERE id = md5('clip9')::uuid)
  AND id <> md5('clip9')::uuid AND is_removed = false ORDER BY vote_score DESC LIMIT 10;
SELECT id, title, vote_score FROM clips WHERE is_removed = false AND title ILIKE '%clutch%' ORDER BY vote_score DESC LIMIT 20;
SELECT id, username, display_name FROM users WHERE username ILIKE '%clutch%' ORDER BY karma_points DESC LIMIT 10;
SELECT id, name, slug FROM tags WHERE name ILIKE '%clutch%' ORDER BY usage_count DESC LIMIT 10;
SELECT c.id, c.content, c.vote_score, u.username FROM comments c JOIN users u ON u.id = c.user_id
  WHERE c.clip_id = md5('clip17')::uuid AND c.is_removed = false AND c.parent_comment_id IS NULL
  ORDER BY c.vote_score DESC, c.created_at DESC LIMIT 50;
SELECT c.id, c.content, c.vote_score FROM comments c WHERE c.clip_id = md5('clip17')::uuid AND c.is_removed = false
  AND c.parent_comment_id IS NULL ORDER BY c.created_at DESC LIMIT 50;
SELECT c.id, c.content, c.clip_id FROM comments c WHERE c.is_removed = false ORDER BY c.created_at DESC LIMIT 50;
SELECT c.id, c.content, c.created_at FROM comments c WHERE c.user_id = md5('user17')::uuid AND c.is_removed = false ORDER BY c.created_at DESC LIMIT 20;
SELECT v.vote_type, v.created_at, c.id, c.title FROM votes v JOIN clips c ON c.id = v.clip_id WHERE v.user_id = md5('user5')::uuid
  ORDER BY v.created_at DESC LIMIT 20;
SELECT f.created_at, c.id, c.title FROM favorites f JOIN clips c ON c.id = f.clip_id WHERE f.user_id = md5('user5')::uuid
  ORDER BY f.created_at DESC LIMIT 20;
SELECT id, type, title, message, link, created_at FROM notifications WHERE user_id = md5('user9')::uuid AND is_read = false ORDER BY created_at DESC LIMIT 20;
SELECT v.user_id, v.clip_id, v.created_at FROM votes v WHERE v.vote_type = -1 ORDER BY v.created_at DESC NULLS LAST LIMIT 50;
SELECT vote_type, count(*) FROM votes WHERE created_at > (SELECT max(created_at) FROM votes) - interval '1 hour' GROUP BY vote_type;
SELECT name, slug, usage_count, created_at FROM tags ORDER BY created_at DESC LIMIT 25;
SELECT id, username, display_name, email, created_at FROM users WHERE is_banned = false ORDER BY created_at DESC LIMIT 25;
SELECT c.id, c.clip_id, u.username, c.content, c.updated_at FROM comments c JOIN users u ON u.id = c.user_id
  WHERE c.is_edited AND c.is_removed = false ORDER BY c.updated_at DESC LIMIT 25;
SELECT id, clip_id, user_id, content, created_at FROM comments WHERE is_removed = false AND content ILIKE '%glitch%laugh%' ORDER BY created_at DESC LIMIT 25;
SELECT count(*) FROM clips WHERE is_removed AND removed_reason = 'reported by users';
SELECT id, clip_id, content, vote_score FROM comments WHERE is_removed = false AND vote_score < -2 ORDER BY created_at DESC LIMIT 20;
