// Clipper's tables as Sequelize and Objection see them, both over node-postgres.
'use strict';

const fs = require('fs');
const path = require('path');

const knexOf = require('knex');
const { Model } = require('objection');
const { DataTypes, Sequelize } = require('sequelize');

// Ids as they come with requests, in an order of their own.
function ids(name, count) {
  const all = fs.readFileSync(path.join(process.env.CLIPPER_IDS, name), 'utf8').trim().split('\n');
  const step = 7;
  return Array.from({ length: count }, (_, i) => all[(i * step) % all.length]);
}

function makeSequelize(max) {
  const sequelize = new Sequelize(process.env.PGDATABASE, process.env.PGUSER, '', {
    dialect: 'postgres', host: process.env.PGHOST, port: process.env.PGPORT, logging: false, pool: { max },
    define: { timestamps: false, underscored: true },
  });
  const id = { type: DataTypes.UUID, defaultValue: DataTypes.UUIDV4, primaryKey: true };
  const User = sequelize.define('User', { id, username: DataTypes.STRING, karma_points: DataTypes.INTEGER,
    last_login_at: DataTypes.DATE }, { tableName: 'users' });
  const Clip = sequelize.define('Clip', { id, title: DataTypes.STRING, vote_score: DataTypes.INTEGER,
    view_count: DataTypes.INTEGER, is_removed: DataTypes.BOOLEAN, created_at: DataTypes.DATE }, { tableName: 'clips' });
  const Comment = sequelize.define('Comment', { id, content: DataTypes.TEXT, clip_id: DataTypes.UUID,
    user_id: DataTypes.UUID, is_removed: DataTypes.BOOLEAN, created_at: DataTypes.DATE }, { tableName: 'comments' });
  const Vote = sequelize.define('Vote', { id, user_id: DataTypes.UUID, clip_id: DataTypes.UUID,
    vote_type: DataTypes.SMALLINT }, { tableName: 'votes' });
  const Tag = sequelize.define('Tag', { id, name: DataTypes.STRING }, { tableName: 'tags' });
  const ClipTag = sequelize.define('ClipTag', { clip_id: { type: DataTypes.UUID, primaryKey: true },
    tag_id: { type: DataTypes.UUID, primaryKey: true } }, { tableName: 'clip_tags' });

  Comment.belongsTo(User, { foreignKey: 'user_id', as: 'user' });
  Comment.belongsTo(Clip, { foreignKey: 'clip_id', as: 'clip' });
  Clip.hasMany(Comment, { foreignKey: 'clip_id', as: 'comments' });
  Clip.hasMany(Vote, { foreignKey: 'clip_id', as: 'votes' });
  Clip.belongsToMany(Tag, { through: ClipTag, foreignKey: 'clip_id', otherKey: 'tag_id', as: 'tags' });
  return { sequelize, User, Clip, Comment, Vote, Tag };
}

function makeKnex(max) {
  return knexOf({ client: 'pg', pool: { min: 0, max },
    connection: { host: process.env.PGHOST, user: process.env.PGUSER, database: process.env.PGDATABASE } });
}

function makeObjection(knex) {
  class User extends Model {
    static get tableName() { return 'users'; }
  }
  class Tag extends Model {
    static get tableName() { return 'tags'; }
  }
  class Comment extends Model {
    static get tableName() { return 'comments'; }

    static get relationMappings() {
      return { user: { relation: Model.BelongsToOneRelation, modelClass: User,
        join: { from: 'comments.user_id', to: 'users.id' } } };
    }
  }
  class Clip extends Model {
    static get tableName() { return 'clips'; }

    static get relationMappings() {
      return {
        comments: { relation: Model.HasManyRelation, modelClass: Comment,
          join: { from: 'clips.id', to: 'comments.clip_id' } },
        tags: { relation: Model.ManyToManyRelation, modelClass: Tag,
          join: { from: 'clips.id', through: { from: 'clip_tags.clip_id', to: 'clip_tags.tag_id' }, to: 'tags.id' } },
      };
    }
  }
  Model.knex(knex);
  return { User, Tag, Comment, Clip };
}

module.exports = { ids, makeSequelize, makeKnex, makeObjection };
