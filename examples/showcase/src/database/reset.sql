DROP TABLE showcase;
DROP TABLE comments;
DROP TABLE posts;
DROP TABLE sessions;
DROP TABLE users;
